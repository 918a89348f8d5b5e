package dev.amikeeper.cli;

import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.ImageId;

import java.util.function.Supplier;

/** Reads the arguments of commands. */
final class Arguments {
    private Arguments() {}

    /**
     * Reads an argument.
     *
     * @throws UnusableException if the reader refuses it
     */
    static <T> T usable(Supplier<T> reader) {
        try {
            return reader.get();
        } catch (IllegalArgumentException wrong) {
            throw new UnusableException(String.valueOf(wrong.getMessage()));
        }
    }

    /**
     * Reads an image id.
     *
     * @throws UnusableException if the text is not one
     */
    static ImageId image(String text) {
        if (!isImage(text)) {
            throw new UnusableException(text + " is not an image, as ami-0abc.");
        }
        return new ImageId(text);
    }

    static boolean isImage(String text) {
        return text.matches("ami-[0-9a-z]+");
    }
}
