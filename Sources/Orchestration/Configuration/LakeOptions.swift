internal import Databases
internal import Lake
internal import Networking
internal import Objects
internal import Platform

/// Where the options of a component put tables, checked.
enum LakeOptions {
    /// The place that an option names.
    ///
    /// - Parameters:
    ///   - name: of the option that says where: a folder, or `s3://BUCKET/FOLDER`; empty for `standard`.
    ///   - standard: folder where the option is not given.
    ///   - scratch: folder of this machine for what is not complete yet.
    /// - Throws: `ConfigError` where options do not fit together.
    static func place(
        _ options: Options?, at name: String = "path", standard: String, scratch: String
    ) throws -> any LakePlace {
        let store = try options.flatMap { try ObjectOptions.bucket($0, at: name) }
        guard let options, let store else {
            return LocalPlace(options.flatMap { $0.isSet(name) ? $0.text(name) : nil } ?? standard)
        }
        return try BucketPlace(store, access: access(store, options, at: name), scratch: scratch)
    }

    /// How databases read what a store keeps.
    private static func access(
        _ store: S3ObjectStore, _ options: Options, at name: String
    ) throws(ConfigError) -> BucketAccess {
        let place = store.place
        guard place.service.root == "/" else {
            throw options.error(
                "endpoint", "has a path, which queries cannot have", suggestion: "name host and port of the service")
        }
        guard !place.prefix.isEmpty else {
            throw options.error(
                name, "is a whole bucket", suggestion: "write a folder of it: `s3://\(place.bucket)/lake`")
        }
        let authorities = options.text("authorities")
        return BucketAccess(
            scope: "s3://\(place.bucket)/\(place.prefix.dropLast())", region: place.region, host: place.service.host,
            isSecure: place.service.isSecure, isInPath: place.service.namesBucketInPath,
            authorityFile: authorities.isEmpty ? nil : authorities
        ) { [credentials = store.credentials] () throws(DatabaseError) in
            do throws(CloudError) {
                let keys = try credentials.credentials()
                return BucketAccess.Keys(
                    accessKey: keys.accessKey, secretKey: keys.secretKey, sessionToken: keys.sessionToken)
            } catch {
                throw DatabaseError(.io, "\(error)", operation: "read \(place)")
            }
        }
    }
}
