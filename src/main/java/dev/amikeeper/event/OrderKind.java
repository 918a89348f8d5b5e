package dev.amikeeper.event;

import java.util.Arrays;
import java.util.Optional;

/**
 * What people and programs can order with an event of their own. Each kind has its place in the
 * rules of {@code template.yaml} and a sample in {@code events/}, which {@code TemplateTest}
 * compares with this list.
 */
public enum OrderKind {
    /** Instances are to be imaged now; the only one that the default bus takes. */
    BACKUP("Backup Requested"),
    /** A server is to be restored. */
    RESTORE("Restore Requested"),
    /** An image is to be removed. */
    DEREGISTER("Deregister Requested"),
    /** Others are to be allowed to launch an image. */
    SHARE("Share Requested"),
    /** Others are no longer to be allowed that. */
    UNSHARE("Unshare Requested"),
    /** An image of others is to be copied and kept as ours. */
    ADOPT("Adopt Requested"),
    /** Snapshots are to become an image. */
    REGISTER("Register Requested"),
    /** An image is to be stored in S3. */
    STORE("Store Requested"),
    /** An image is to be fetched from S3. */
    FETCH("Fetch Requested");

    /** The source of every order. */
    public static final String SOURCE = "amikeeper";

    private final String detailType;

    OrderKind(String detailType) {
        this.detailType = detailType;
    }

    /** The detail-type of its event. */
    public String detailType() {
        return detailType;
    }

    /** The kind of an event that orders something; empty if it is not an order. */
    public static Optional<OrderKind> of(String source, String detailType) {
        return Arrays.stream(values())
                .filter(_ -> source.equals(SOURCE))
                .filter(kind -> kind.detailType.equals(detailType))
                .findFirst();
    }
}
