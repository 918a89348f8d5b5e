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

    /** The id of what the order is about. */
    String subject();

    /** An order about an existing image. */
    sealed interface OfImage extends Order {
        /** The image that the order is about. */
        ImageId image();

        @Override
        default String subject() {
            return image().value();
        }
    }

    /**
     * The image is to be removed, whatever the rules of its policy's {@code keep} say.
     *
     * @param dryRun whether only to show what would happen
     * @param approved whether the person knows that the record was made from tags
     * @param by who wants it, for the tombstone
     */
    record Deregister(Region region, ImageId image, boolean dryRun, boolean approved, String by)
            implements OfImage {}

    /**
     * Others are to be allowed to launch the image.
     *
     * @param with account ids, and ARNs of organizations and organizational units
     */
    record Share(Region region, ImageId image, List<String> with) implements OfImage {
        public Share {
            with = List.copyOf(with);
        }
    }

    /**
     * Others made the image, and a copy of it is to become ours.
     *
     * @param instance the instance that it is an image of; if empty, EC2 tells
     * @param dryRun whether only to show what would happen
     */
    record Adopt(
            Region region,
            ImageId image,
            String policy,
            Optional<InstanceId> instance,
            boolean dryRun)
            implements OfImage {}

    /**
     * The image is to be stored in S3.
     *
     * @param bucket where to store it; if empty, where its policy says
     * @param dryRun whether only to show what would happen
     */
    record Store(Region region, ImageId image, Optional<String> bucket, boolean dryRun)
            implements OfImage {}

    /**
     * The image was stored in S3 and removed, and is to come back.
     *
     * @param image the id that it had
     * @param object where it is stored; if empty, where the catalogue says
     * @param dryRun whether only to show what would happen
     */
    record Fetch(Region region, ImageId image, Optional<S3Object> object, boolean dryRun)
            implements OfImage {}

    /** Others are no longer to be allowed to launch the image. */
    record Unshare(Region region, ImageId image, List<String> with) implements OfImage {
        public Unshare {
            with = List.copyOf(with);
        }
    }

    /**
     * Others are to lose all permissions for all our images, in all Regions.
     *
     * @param region the home Region, where people are told about the order
     * @param policy only this policy's images; if empty, those of all policies
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
     * A snapshot of ours is to become an image again, together with the other snapshots that its
     * image had.
     *
     * @param approved whether the person knows that AWS bills for the software on it
     * @param dryRun whether only to show what would happen
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
     * Snapshots are to become an image of an instance under a policy.
     *
     * @param root the root volume's snapshot
     * @param volumes all other snapshots
     * @param approved whether the person knows that AWS bills for the software on it
     * @param dryRun whether only to show what would happen
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
     * A snapshot and its device name.
     *
     * @param device the device name; empty if the snapshot's volume is known
     */
    record VolumeSource(Optional<String> device, SnapshotId snapshot) {
        /**
         * Reads {@code /dev/sdf=snap-…}, or {@code snap-…} alone.
         *
         * @throws IllegalArgumentException if the text is neither
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

    /**
     * What a person says about how an image boots. A value that is empty is known, or is asked for.
     */
    record Boot(Optional<String> rootDevice, Optional<String> architecture, Optional<String> mode) {
        private static final Set<String> ARCHITECTURES =
                Set.of("arm64", "arm64_mac", "i386", "x86_64", "x86_64_mac");
        private static final Set<String> MODES = Set.of("legacy-bios", "uefi", "uefi-preferred");

        /**
         * Checks the words.
         *
         * @throws IllegalArgumentException if a word is not one of EC2's
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
