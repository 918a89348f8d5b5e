package dev.amikeeper.retention;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.SnapshotId;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What is to become of one image. */
public sealed interface Verdict {
    /** The catalogue's record of it. */
    Image image();

    /** It stays, for every one of these reasons. */
    record Kept(Image image, List<Reason> reasons) implements Verdict {
        public Kept {
            reasons = List.copyOf(reasons);
        }
    }

    /** A step that takes an image away. */
    sealed interface RemovalStep extends Verdict {
        /** What brought it here. */
        String why();
    }

    /** Nothing keeps it: it is disabled now, and removed after this while unless it is missed. */
    record Disable(Image image, String why, Duration dwell, List<SnapshotId> snapshots)
            implements RemovalStep {
        public Disable {
            snapshots = List.copyOf(snapshots);
        }
    }

    /** Nothing keeps it: it is deregistered, and these snapshots are deleted with it. */
    record Remove(Image image, String why, List<SnapshotId> snapshots) implements RemovalStep {
        public Remove {
            snapshots = List.copyOf(snapshots);
        }
    }

    /** A step that is not taken before a person approves the plan, because of this. */
    record Await(RemovalStep step, List<String> because) implements Verdict {
        public Await {
            because = List.copyOf(because);
        }

        @Override
        public Image image() {
            return step.image();
        }
    }

    /** It is on its way out, and nothing is done before {@code until}. */
    record WaitUntil(Image image, Instant until, String why) implements Verdict {}

    /** An earlier run deregistered it: only these snapshots, its journal, are left to delete. */
    record Finish(Image image, List<SnapshotId> snapshots) implements Verdict {
        public Finish {
            snapshots = List.copyOf(snapshots);
        }
    }

    /** It is on its way out but still exists, and these reasons keep it now: it is brought back. */
    record CallOff(Image image, List<Reason> reasons) implements Verdict {
        public CallOff {
            reasons = List.copyOf(reasons);
        }
    }
}
