package dev.amikeeper.event;

/**
 * An event that cannot be understood. The message says where it is wrong and what would be right.
 */
public final class MalformedEventException extends Exception {
    private static final long serialVersionUID = 1;

    private final String cause;

    public MalformedEventException(String message) {
        this(message, message);
    }

    /**
     * Creates an exception whose message differs each time.
     *
     * @param cause the same for everything that is wrong in the same way
     */
    MalformedEventException(String message, String cause) {
        super(message);
        this.cause = cause;
    }

    String cause() {
        return cause;
    }
}
