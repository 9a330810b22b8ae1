@main
struct Notifier {
    static func main() {}
}
