/// The published prices that the program comes with; docs/budgets.md says what they leave out.
enum PriceData {
    static let text = """
        # In US dollars, before tax. Regions differ: these are us-east-1 and Google's multi-region US.
        # `units` is what the service bills by in a measure of its own, as the comment beside it says.

        service pubsub           # cloud.google.com/pubsub/pricing: throughput of what is published
        price units 40 per 1TiB free 10GiB          # bytes of values, attributes, times and ids, at least 1000 a request

        service kinesis          # aws.amazon.com/kinesis/data-streams/pricing: provisioned mode, without shard hours
        price units 0.014 per 1000000               # records, each by started 25 KiB

        service bigquery-load    # cloud.google.com/bigquery/pricing: load jobs are free, active logical storage is not
        price kept 0.02 per 1GiB free 10GiB

        service bigquery-stream  # the same, rows by insertAll
        price units 0.01 per 200MiB                 # bytes of rows, each at least 1000
        price kept 0.02 per 1GiB free 10GiB

        service s3               # aws.amazon.com/s3/pricing: standard storage; every request at the price of a PUT
        price requests 0.005 per 1000
        price kept 0.023 per 1GiB

        service gcs              # cloud.google.com/storage/pricing: standard storage in one region; operations of class A
        price requests 0.005 per 1000
        price kept 0.020 per 1GiB
        """
}
