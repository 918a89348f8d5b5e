package dev.amikeeper.bench;

/**
 * What AWS charges in us-east-1, in dollars, as read on its pages in 2026-11. Free tiers are not
 * counted.
 *
 * @see <a href="https://aws.amazon.com/lambda/pricing/">AWS Lambda pricing</a>
 * @see <a href="https://aws.amazon.com/dynamodb/pricing/on-demand/">Pricing for on-demand
 *     capacity</a>
 * @see <a href="https://aws.amazon.com/sqs/pricing/">Amazon SQS pricing</a>
 */
final class Prices {
    private static final double MILLION = 1e6;

    /** A GB-second of Lambda on arm64. */
    static final double GIGABYTE_SECOND = 0.0000133334;

    /** A call of a function. */
    static final double INVOCATION = 0.20 / MILLION;

    /** A read unit of DynamoDB on demand. */
    static final double READ_UNIT = 0.125 / MILLION;

    /** A write unit of DynamoDB on demand. */
    static final double WRITE_UNIT = 0.625 / MILLION;

    /** A request to a FIFO queue. */
    static final double QUEUE_REQUEST = 0.50 / MILLION;

    private Prices() {}
}
