package dev.amikeeper.catalog;

/** A requested item cannot be read, so the caller leaves alone what it is about. */
public final class UnreadableItemException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    UnreadableItemException(Unreadable item) {
        super(
                "the item "
                        + item.partition()
                        + " "
                        + item.key()
                        + " of the catalogue cannot be read: "
                        + item.why()
                        + "; what it is about is left alone");
    }
}
