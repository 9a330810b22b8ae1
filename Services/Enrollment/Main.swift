@main
struct Enrollment {
    static func main() {}
}
