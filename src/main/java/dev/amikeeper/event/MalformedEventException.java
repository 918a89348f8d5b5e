package dev.amikeeper.event;

/** An event that cannot be understood; the message says where and what would be right. */
public final class MalformedEventException extends Exception {
    private static final long serialVersionUID = 1;

    public MalformedEventException(String message) {
        super(message);
    }
}
