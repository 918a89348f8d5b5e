package dev.amikeeper.retention;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.SnapshotId;

import java.util.List;

/** What is to become of one image. */
public sealed interface Verdict {
    /** The catalogue's record of it. */
    Image image();

    /** It stays, for every one of these reasons. */
    record Keep(Image image, List<Reason> reasons) implements Verdict {
        public Keep {
            reasons = List.copyOf(reasons);
        }
    }

    /** Nothing keeps it: it is deregistered, and these snapshots are deleted with it. */
    record Remove(Image image, String why, List<SnapshotId> snapshots) implements Verdict {
        public Remove {
            snapshots = List.copyOf(snapshots);
        }
    }

    /** An earlier run deregistered it: only these snapshots, its journal, are left to delete. */
    record Finish(Image image, List<SnapshotId> snapshots) implements Verdict {
        public Finish {
            snapshots = List.copyOf(snapshots);
        }
    }

    /** An earlier run began to remove it, but it still exists and these reasons keep it now. */
    record CallOff(Image image, List<Reason> reasons) implements Verdict {
        public CallOff {
            reasons = List.copyOf(reasons);
        }
    }
}
