package dev.amikeeper.image;

import org.jspecify.annotations.Nullable;

import java.util.Locale;

/** The state of an AMI, in EC2's terms. */
public enum AmiState {
    /** EC2 is creating it. */
    PENDING,
    /** It can be launched. */
    AVAILABLE,
    /** It exists, but nobody can launch it. */
    DISABLED,
    /** EC2 could not create it. */
    FAILED,
    /** It is gone; EC2 may still list it for a while. */
    DEREGISTERED,
    /** EC2 reports this for an image whose manifest it cannot read. */
    INVALID,
    /** EC2 lists this state but does not explain it. */
    TRANSIENT,
    /** EC2 lists this state but does not explain it. */
    ERROR,
    /** This version of AMI Keeper does not know EC2's word. */
    UNKNOWN;

    /** Returns the state that EC2's word stands for. */
    public static AmiState of(@Nullable String word) {
        for (AmiState state : values()) {
            if (state.toString().equals(word)) {
                return state;
            }
        }
        return UNKNOWN;
    }

    /** EC2's word, as {@code available}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
