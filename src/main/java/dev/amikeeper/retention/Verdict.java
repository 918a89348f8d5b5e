package dev.amikeeper.retention;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.SnapshotId;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What happens to one image. */
public sealed interface Verdict {
    /** The catalogue's record of the image. */
    Image image();

    /** The image stays, for every one of these reasons. */
    record Kept(Image image, List<Reason> reasons) implements Verdict {
        public Kept {
            reasons = List.copyOf(reasons);
        }
    }

    /** A step towards an image's removal. */
    sealed interface RemovalStep extends Verdict {
        /** What led to this step. */
        String why();
    }

    /**
     * Nothing keeps the image. It is disabled now, and removed after this time unless it is missed.
     */
    record Disable(Image image, String why, Duration dwell, List<SnapshotId> snapshots)
            implements RemovalStep {
        public Disable {
            snapshots = List.copyOf(snapshots);
        }
    }

    /** Nothing keeps the image. It is deregistered, and these snapshots are deleted with it. */
    record Remove(Image image, String why, List<SnapshotId> snapshots) implements RemovalStep {
        public Remove {
            snapshots = List.copyOf(snapshots);
        }
    }

    /** A step that is not taken until a person approves the plan, for these reasons. */
    record Await(RemovalStep step, List<String> because) implements Verdict {
        public Await {
            because = List.copyOf(because);
        }

        @Override
        public Image image() {
            return step.image();
        }
    }

    /** The image is on its way out, and nothing is done before {@code until}. */
    record WaitUntil(Image image, Instant until, String why) implements Verdict {}

    /**
     * An earlier run deregistered the image. Only these snapshots, its journal, remain to be
     * deleted.
     */
    record Finish(Image image, List<SnapshotId> snapshots) implements Verdict {
        public Finish {
            snapshots = List.copyOf(snapshots);
        }
    }

    /**
     * The image is on its way out but still exists, and these reasons keep it now. It is brought
     * back.
     */
    record CallOff(Image image, List<Reason> reasons) implements Verdict {
        public CallOff {
            reasons = List.copyOf(reasons);
        }
    }
}
