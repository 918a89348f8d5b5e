package dev.amikeeper.local;

/**
 * A token bucket, by which EC2 throttles each action per account and Region.
 *
 * @param size how many calls a burst can have
 * @param refill tokens per second
 * @see <a href="https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html">Request
 *     throttling</a>
 */
public record Bucket(int size, double refill) {
    /**
     * EC2's own bucket of an action.
     *
     * @param narrow whether a describing call has ids, a filter or a page size
     */
    static Bucket of(String action, boolean narrow) {
        return switch (action) {
            case "CopyImage" -> new Bucket(100, 1);
            case "DeregisterImage",
                    "DeleteSnapshot",
                    "ModifyImageAttribute",
                    "ModifySnapshotAttribute",
                    "TerminateInstances" ->
                    new Bucket(100, 5);
            case "CreateTags", "DeleteTags" -> new Bucket(100, 10);
            case "CreateStoreImageTask", "CreateRestoreImageTask" -> new Bucket(50, 0.1);
            case "RunInstances" -> new Bucket(5, 2);
            default -> {
                if (!action.startsWith("Describe")) {
                    yield new Bucket(50, 5);
                }
                yield narrow ? new Bucket(100, 20) : new Bucket(50, 10);
            }
        };
    }
}
