package dev.amikeeper.catalog;

/** Who removed an image, as its tombstone says it. */
public enum Remover {
    /** The pruner, by the rules. */
    PRUNER("PruneFunction"),
    /** The sweep, which finished what the pruner had begun. */
    SWEEP("SweepFunction"),
    /** EC2, at which making the image again failed. */
    EC2("EC2"),
    /** Somebody who did not use AMI Keeper. */
    SOMEBODY_ELSE("somebody else"),
    /** Somebody who ordered it, by name. */
    PERSON("");

    private final String word;

    Remover(String word) {
        this.word = word;
    }

    /** The word for it in a tombstone; empty for a person, who is named there. */
    public String word() {
        return word;
    }

    static Remover of(String by) {
        for (Remover remover : values()) {
            if (remover.word.equals(by)) {
                return remover;
            }
        }
        return PERSON;
    }

    /** Whether what it removed was to go with all its snapshots, so that those left are litter. */
    public boolean removesSnapshots() {
        return switch (this) {
            case PRUNER, SWEEP -> true;
            case EC2, SOMEBODY_ELSE, PERSON -> false;
        };
    }
}
