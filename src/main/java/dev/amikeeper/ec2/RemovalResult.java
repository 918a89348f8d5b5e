package dev.amikeeper.ec2;

import static java.util.stream.Collectors.joining;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.SnapshotId;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The result of removing an image or its snapshots. */
public sealed interface RemovalResult {
    /** Nothing is left of it. */
    record Removed() implements RemovalResult {}

    /** The image is gone, but these snapshots are not. */
    record Left(List<Stay> stays) implements RemovalResult {
        public Left {
            stays = List.copyOf(stays);
        }

        /** The snapshots that still exist. */
        public List<SnapshotId> snapshots() {
            return stays.stream().map(Stay::snapshot).toList();
        }

        /** EC2's answer for each snapshot, and what keeps it, in one line. */
        public String why() {
            return stays.stream().map(Stay::text).collect(joining("; "));
        }

        /** What a person can do, in one line. */
        public String remedy() {
            return stays.stream().map(Stay::remedy).distinct().collect(joining("; "));
        }
    }

    /** EC2 refused; the image still exists. */
    record NotRemoved(String why) implements RemovalResult {}

    /**
     * A snapshot that was not deleted.
     *
     * @param answer EC2's code or message; for {@code DeregisterImage} one of {@code skipped},
     *     {@code missing-permissions}, {@code internal-error}, {@code client-error}
     * @param holders the images that use it
     * @param lock the lock on it, with its mode and end
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshotReturnCode.html">DeleteSnapshotReturnCode</a>
     */
    record Stay(SnapshotId snapshot, String answer, List<ImageId> holders, Optional<String> lock) {
        private static final List<String> PERMISSION = List.of("missing-permissions", "may not");

        public Stay {
            holders = List.copyOf(holders);
        }

        private String text() {
            String held =
                    Stream.concat(
                                    Stream.of(images())
                                            .filter(_ -> !holders.isEmpty())
                                            .map(images -> "in use by " + images),
                                    lock.stream().map(how -> "locked: " + how))
                            .collect(joining(", "));
            return snapshot + ": " + answer + (held.isEmpty() ? "" : " (" + held + ")");
        }

        private String remedy() {
            if (lock.isPresent()) {
                return "it is deleted once its lock ends; somebody with the permission can"
                        + " unlock it before that";
            }
            if (!holders.isEmpty()) {
                return "it is deleted once " + images() + " is deregistered";
            }
            if (PERMISSION.stream().anyMatch(answer::contains)) {
                return "allow the function's role ec2:DeleteSnapshot on it: it may delete"
                        + " snapshots with the tag amikeeper:policy, so check that the tag is still"
                        + " there";
            }
            return "every run tries again; if it stays, the event DeleteSnapshot in CloudTrail"
                    + " says more";
        }

        private String images() {
            return holders.stream().map(ImageId::value).collect(joining(" and "));
        }
    }
}
