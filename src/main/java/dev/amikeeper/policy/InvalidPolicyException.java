package dev.amikeeper.policy;

import java.util.List;

/** A policy file that cannot be used. The message tells the user everything they need. */
public final class InvalidPolicyException extends RuntimeException {
    /** Takes one line per error: where it is, what is wrong, and what would be right. */
    public InvalidPolicyException(List<String> errors) {
        super(String.join("\n", errors));
    }
}
