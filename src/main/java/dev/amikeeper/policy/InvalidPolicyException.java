package dev.amikeeper.policy;

import java.util.List;

/** A policy file that cannot be used; its message is all the user needs. */
public final class InvalidPolicyException extends RuntimeException {
    /** One line per error: place, what is wrong, what would be right. */
    public InvalidPolicyException(List<String> errors) {
        super(String.join("\n", errors));
    }
}
