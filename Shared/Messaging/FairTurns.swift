/// Whose turn it is, and for how much: deficit round robin (Shreedhar and Varghese, 1995).
///
/// What an item costs shows only when it is taken, so a turn may overdraw its share by one item; the lane's next turns
/// pay for it. A lane that has nothing saves nothing.
struct FairTurns<Lane> {
    /// What a lane may take in one turn.
    let share: Int
    private var lanes: [(lane: Lane, credit: Int)] = []
    /// Whose turn it is.
    private var next = 0

    init(share: Int) { self.share = share }

    mutating func add(_ lane: Lane) { lanes.append((lane, 0)) }

    /// The others keep their order and what they have to their credit.
    ///
    /// - Parameter isGone: asked once of each lane.
    mutating func remove(where isGone: (Lane) -> Bool) {
        let gone = lanes.map { isGone($0.lane) }
        next -= gone[..<next].count { $0 }
        lanes = zip(lanes, gone).filter { !$1 }.map(\.0)
        if next == lanes.count { next = 0 }
    }

    /// Takes from the lanes in turn, until it is enough or no lane has anything left. A turn that was cut short goes on
    /// next time.
    ///
    /// - Parameter takeOne: takes a lane's next item and says what it costs; nil where there is none.
    mutating func serve(until isEnough: () -> Bool, _ takeOne: (Lane) -> Int?) {
        var idle = 0
        while idle < lanes.count, !isEnough() {
            if lanes[next].credit <= 0 { lanes[next].credit += share }
            var isEmpty = false
            while lanes[next].credit > 0, !isEmpty, !isEnough() {
                if let cost = takeOne(lanes[next].lane) {
                    lanes[next].credit -= cost
                } else {
                    isEmpty = true
                    lanes[next].credit = 0
                }
            }
            idle = isEmpty ? idle + 1 : 0
            if lanes[next].credit <= 0 { next = (next + 1) % lanes.count }
        }
    }
}
