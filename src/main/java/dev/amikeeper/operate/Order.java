package dev.amikeeper.operate;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Texts;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What somebody wants done. */
public sealed interface Order {
    /** Where the image is, or is to be. */
    Region region();

    /** What it is about, by its id. */
    String subject();

    /** What somebody wants done with an image that is there. */
    sealed interface OfImage extends Order {
        /** Which image. */
        ImageId image();

        @Override
        default String subject() {
            return image().value();
        }
    }

    /**
     * It is to be removed, whatever the rules of its policy's {@code keep} say.
     *
     * @param dryRun whether it is only to be shown what would happen
     * @param approved whether the person knows that the record was made from tags
     * @param by who wants it, for the tombstone
     */
    record Deregister(Region region, ImageId image, boolean dryRun, boolean approved, String by)
            implements OfImage {}

    /**
     * Others are to be allowed to launch it.
     *
     * @param with account ids, ARNs of organisations and of organisational units
     */
    record Share(Region region, ImageId image, List<String> with) implements OfImage {
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
            implements OfImage {}

    /**
     * It is to be stored in S3.
     *
     * @param bucket where; empty: where its policy says
     * @param dryRun whether it is only to be shown what would happen
     */
    record Store(Region region, ImageId image, Optional<String> bucket, boolean dryRun)
            implements OfImage {}

    /**
     * It was stored in S3 and removed, and is to come back.
     *
     * @param image the id that it had
     * @param object where it is; empty: where the catalogue knows it
     * @param dryRun whether it is only to be shown what would happen
     */
    record Fetch(Region region, ImageId image, Optional<S3Object> object, boolean dryRun)
            implements OfImage {}

    /** Others are no longer to be allowed to launch it. */
    record Unshare(Region region, ImageId image, List<String> with) implements OfImage {
        public Unshare {
            with = List.copyOf(with);
        }
    }

    /**
     * Others are no longer to be allowed anything of any image of ours, in all Regions.
     *
     * @param region the home Region: what is told of it is told there
     * @param policy only of this policy's images; empty: of all policies'
     */
    record UnshareAll(Region region, List<String> with, Optional<String> policy) implements Order {
        public UnshareAll {
            with = List.copyOf(with);
        }

        @Override
        public String subject() {
            return policy.orElse("all");
        }
    }

    /**
     * A snapshot of ours is to be an image again, with the others that its image had.
     *
     * @param approved whether the person knows that AWS bills what is on it
     * @param dryRun whether it is only to be shown what would happen
     */
    record RegisterAgain(
            Region region, SnapshotId snapshot, Boot boot, boolean approved, boolean dryRun)
            implements Order {
        @Override
        public String subject() {
            return snapshot.value();
        }
    }

    /**
     * Snapshots are to be an image of an instance under a policy.
     *
     * @param root the root volume's snapshot
     * @param volumes all others
     * @param approved whether the person knows that AWS bills what is on it
     * @param dryRun whether it is only to be shown what would happen
     */
    record Register(
            Region region,
            String policy,
            InstanceId instance,
            SnapshotId root,
            List<VolumeSource> volumes,
            Boot boot,
            boolean approved,
            boolean dryRun)
            implements Order {
        public Register {
            volumes = List.copyOf(volumes);
        }

        @Override
        public String subject() {
            return root.value();
        }
    }

    /**
     * A snapshot, and as which device.
     *
     * @param device empty: it is known of which volume it is
     */
    record VolumeSource(Optional<String> device, SnapshotId snapshot) {
        /**
         * Reads {@code /dev/sdf=snap-…}, or {@code snap-…} alone.
         *
         * @throws IllegalArgumentException if it is neither
         */
        public static VolumeSource read(String text) {
            int equals = text.indexOf('=');
            return new VolumeSource(
                    equals < 0
                            ? Optional.empty()
                            : Optional.of(Order.device(text.substring(0, equals))),
                    SnapshotId.read(text.substring(equals + 1)));
        }
    }

    /** What a person says of how an image boots; what is empty is known, or asked for. */
    record Boot(Optional<String> rootDevice, Optional<String> architecture, Optional<String> mode) {
        private static final Set<String> ARCHITECTURES =
                Set.of("arm64", "arm64_mac", "i386", "x86_64", "x86_64_mac");
        private static final Set<String> MODES = Set.of("legacy-bios", "uefi", "uefi-preferred");

        /**
         * Checks the words.
         *
         * @throws IllegalArgumentException if one is none of EC2's
         */
        public Boot {
            rootDevice.ifPresent(Order::device);
            architecture.ifPresent(word -> oneOf(word, ARCHITECTURES, "an architecture"));
            mode.ifPresent(word -> oneOf(word, MODES, "a boot mode"));
        }

        private static void oneOf(String word, Set<String> words, String what) {
            if (!words.contains(word)) {
                throw new IllegalArgumentException(
                        "not %s: %s; there are %s"
                                .formatted(
                                        what,
                                        Texts.quoted(word),
                                        String.join(", ", new TreeSet<>(words))));
            }
        }
    }

    private static String device(String text) {
        if (!text.matches("(/dev/)?[a-z0-9]{2,30}")) {
            throw new IllegalArgumentException(
                    "not a device name, as /dev/sdf: " + Texts.quoted(text));
        }
        return text;
    }
}
