@main struct TokenCtl { static func main() {} }
