@main
struct ExpiryScanner {
    static func main() {}
}
