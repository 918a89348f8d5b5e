package dev.amikeeper.operate;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;

import java.util.List;
import java.util.Optional;

/** What somebody wants done with an image. */
public sealed interface Order {
    /** Where the image is. */
    Region region();

    /** Which image. */
    ImageId image();

    /**
     * It is to be removed, whatever the rules of its policy's {@code keep} say.
     *
     * @param dryRun whether it is only to be shown what would happen
     * @param approved whether the person knows that the record was made from tags
     * @param by who wants it, for the tombstone
     */
    record Deregister(Region region, ImageId image, boolean dryRun, boolean approved, String by)
            implements Order {}

    /**
     * Others are to be allowed to launch it.
     *
     * @param with account ids, ARNs of organisations and of organisational units
     */
    record Share(Region region, ImageId image, List<String> with) implements Order {
        public Share {
            with = List.copyOf(with);
        }
    }

    /**
     * It was made by others, and is to have a copy that is ours.
     *
     * @param instance of which it is an image; empty: EC2 says so
     * @param dryRun whether it is only to be shown what would happen
     */
    record Adopt(
            Region region,
            ImageId image,
            String policy,
            Optional<InstanceId> instance,
            boolean dryRun)
            implements Order {}

    /**
     * It is to be stored in S3.
     *
     * @param bucket where; empty: where its policy says
     * @param dryRun whether it is only to be shown what would happen
     */
    record Store(Region region, ImageId image, Optional<String> bucket, boolean dryRun)
            implements Order {}

    /**
     * It was stored in S3 and removed, and is to come back.
     *
     * @param image the id that it had
     * @param object where it is; empty: where the catalogue knows it
     * @param dryRun whether it is only to be shown what would happen
     */
    record Fetch(Region region, ImageId image, Optional<S3Object> object, boolean dryRun)
            implements Order {}

    /** Others are no longer to be allowed to launch it. */
    record Unshare(Region region, ImageId image, List<String> with) implements Order {
        public Unshare {
            with = List.copyOf(with);
        }
    }
}
