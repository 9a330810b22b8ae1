/// CloudEvents' own constants.
package enum CloudEvents {
    /// The one version that is read and written.
    package static let specVersion = "1.0"
}
