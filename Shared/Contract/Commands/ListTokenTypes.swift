/// `tokentype.list`: all token types of the tenant, retired ones too.
package struct ListTokenTypes: CommandContent {
    package init(_ fields: FieldReader) throws(FieldError) {}
}
