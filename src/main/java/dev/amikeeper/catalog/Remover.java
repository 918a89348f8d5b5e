package dev.amikeeper.catalog;

/** Who removed an image, as recorded in its tombstone. */
public enum Remover {
    /** The pruner, following the rules. */
    PRUNER("PruneFunction"),
    /** The sweep, which finished what the pruner had begun. */
    SWEEP("SweepFunction"),
    /** EC2, when it failed to create the image again. */
    EC2("EC2"),
    /** Somebody who did not use AMI Keeper. */
    SOMEBODY_ELSE("somebody else"),
    /** A person who ordered it; the tombstone holds their name. */
    PERSON("");

    private final String word;

    Remover(String word) {
        this.word = word;
    }

    /** The word for it in a tombstone; empty for a person, whose name is there instead. */
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

    /**
     * Whether it removes an image together with all its snapshots, so that any left over are
     * litter.
     */
    public boolean removesSnapshots() {
        return switch (this) {
            case PRUNER, SWEEP -> true;
            case EC2, SOMEBODY_ELSE, PERSON -> false;
        };
    }
}
