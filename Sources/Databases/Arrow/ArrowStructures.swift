internal import CPlatform
internal import Glibc

/// What an `ArrowArray` is made of.
@safe
struct ArrayParts {
    var length: Int
    var nullCount = 0
    var buffers: [UnsafeRawPointer?]
    /// Objects that keep the buffers alive.
    var owners: [AnyObject] = []
    var children: [ArrayParts] = []
    /// One or none.
    var dictionary: [ArrayParts] = []

    init(
        length: Int, nullCount: Int = 0, buffers: [UnsafeRawPointer?], owners: [AnyObject] = [],
        children: [ArrayParts] = []
    ) {
        self.length = length
        self.nullCount = nullCount
        unsafe self.buffers = buffers
        self.owners = owners
        self.children = children
    }

    /// A structure whose release frees all that belongs to it.
    func export() -> UnsafeMutablePointer<ArrowArray> {
        let memory = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
        let holder = unsafe ArrayHolder(
            buffers: buffers, owners: owners, children: children.map { unsafe $0.export() },
            dictionary: dictionary.first.map { unsafe $0.export() })
        unsafe memory.initialize(
            to: ArrowArray(
                length: Int64(length), null_count: Int64(nullCount), offset: 0, n_buffers: Int64(buffers.count),
                n_children: Int64(children.count), buffers: holder.buffers, children: holder.children,
                dictionary: holder.dictionary, release: releaseArray,
                private_data: Unmanaged.passRetained(holder).toOpaque()))
        return unsafe memory
    }
}

/// What an `ArrowSchema` is made of.
struct SchemaParts {
    var format: String
    var name = ""
    var isNullable = false
    var children: [SchemaParts] = []
    /// One or none.
    var dictionary: [SchemaParts] = []

    init(format: String, name: String = "", isNullable: Bool = false, children: [SchemaParts] = []) {
        self.format = format
        self.name = name
        self.isNullable = isNullable
        self.children = children
    }

    func export() -> UnsafeMutablePointer<ArrowSchema> {
        let memory = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
        let holder = unsafe SchemaHolder(
            format: format, name: name, children: children.map { unsafe $0.export() },
            dictionary: dictionary.first.map { unsafe $0.export() })
        unsafe memory.initialize(
            to: ArrowSchema(
                format: holder.format, name: holder.name, metadata: nil,
                flags: isNullable ? Int64(ARROW_FLAG_NULLABLE) : 0, n_children: Int64(children.count),
                children: holder.children, dictionary: holder.dictionary, release: releaseSchema,
                private_data: Unmanaged.passRetained(holder).toOpaque()))
        return unsafe memory
    }
}

/// Owns the memory behind one exported array; a consumer may move children out and release them on their own.
@safe
private final class ArrayHolder {
    let owners: [AnyObject]
    let buffers: UnsafeMutablePointer<UnsafeRawPointer?>
    let children: UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>?
    let dictionary: UnsafeMutablePointer<ArrowArray>?
    private let childCount: Int

    init(
        buffers: [UnsafeRawPointer?], owners: [AnyObject], children: [UnsafeMutablePointer<ArrowArray>],
        dictionary: UnsafeMutablePointer<ArrowArray>?
    ) {
        self.owners = owners
        unsafe self.buffers = .allocate(capacity: max(1, buffers.count))
        for unsafe(index, buffer) in unsafe buffers.enumerated() {
            unsafe (self.buffers + index).initialize(to: buffer)
        }
        childCount = unsafe children.count
        unsafe self.children = children.isEmpty ? nil : .allocate(capacity: children.count)
        for unsafe(index, child) in unsafe children.enumerated() {
            unsafe self.children?[index] = child
        }
        unsafe self.dictionary = dictionary
    }

    deinit {
        for index in 0..<childCount {
            guard let child = unsafe children?[index] else { continue }
            unsafe child.pointee.release?(child)
            unsafe child.deallocate()
        }
        unsafe dictionary?.pointee.release?(dictionary)
        unsafe dictionary?.deallocate()
        unsafe children?.deallocate()
        unsafe buffers.deallocate()
    }
}

/// Owns the memory behind one exported schema.
@safe
private final class SchemaHolder {
    let format: UnsafeMutablePointer<CChar>
    let name: UnsafeMutablePointer<CChar>
    let children: UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>?
    let dictionary: UnsafeMutablePointer<ArrowSchema>?
    private let childCount: Int

    init(
        format: String, name: String, children: [UnsafeMutablePointer<ArrowSchema>],
        dictionary: UnsafeMutablePointer<ArrowSchema>?
    ) {
        unsafe self.format = strdup(format)
        unsafe self.name = strdup(name)
        childCount = unsafe children.count
        unsafe self.children = children.isEmpty ? nil : .allocate(capacity: children.count)
        for unsafe(index, child) in unsafe children.enumerated() {
            unsafe self.children?[index] = child
        }
        unsafe self.dictionary = dictionary
    }

    deinit {
        for index in 0..<childCount {
            guard let child = unsafe children?[index] else { continue }
            unsafe child.pointee.release?(child)
            unsafe child.deallocate()
        }
        unsafe dictionary?.pointee.release?(dictionary)
        unsafe dictionary?.deallocate()
        unsafe children?.deallocate()
        unsafe free(format)
        unsafe free(name)
    }
}

private func releaseArray(_ array: UnsafeMutablePointer<ArrowArray>?) {
    guard let array = unsafe array, let holder = unsafe array.pointee.private_data else { return }
    unsafe Unmanaged<ArrayHolder>.fromOpaque(holder).release()
    unsafe array.pointee.release = nil
    unsafe array.pointee.private_data = nil
}

private func releaseSchema(_ schema: UnsafeMutablePointer<ArrowSchema>?) {
    guard let schema = unsafe schema, let holder = unsafe schema.pointee.private_data else { return }
    unsafe Unmanaged<SchemaHolder>.fromOpaque(holder).release()
    unsafe schema.pointee.release = nil
    unsafe schema.pointee.private_data = nil
}
