package dev.amikeeper.image;

import org.jspecify.annotations.Nullable;

import java.util.Locale;

/** The state of an AMI, as EC2 says it. */
public enum AmiState {
    /** EC2 is at work on it. */
    PENDING,
    /** It can be launched. */
    AVAILABLE,
    /** It is kept, but nobody can launch it. */
    DISABLED,
    /** EC2 could not make it. */
    FAILED,
    /** It is gone; EC2 may list it for a while. */
    DEREGISTERED,
    /** EC2 says this of an image whose manifest it cannot read. */
    INVALID,
    /** EC2 names this state but does not explain it. */
    TRANSIENT,
    /** EC2 names this state but does not explain it. */
    ERROR,
    /** This version does not know the word. */
    UNKNOWN;

    /** The state that this word of EC2 stands for. */
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
