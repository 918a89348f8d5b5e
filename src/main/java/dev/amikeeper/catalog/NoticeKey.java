package dev.amikeeper.catalog;

import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;

import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a notice is about; the same trouble always has the same key. Its text is stored, as {@code
 * failed/us-east-1/gold/i-…/…}. Any text is a key, even one that no version of AMI Keeper wrote.
 *
 * @param word the word of a {@link Trouble}, or one that this version does not know
 * @param where usually a Region; otherwise a policy, a function or a date
 * @param what what has the trouble there: an image, a policy, a cause; it may contain slashes
 */
public record NoticeKey(String word, Optional<String> where, Optional<String> what)
        implements Comparable<NoticeKey> {
    private static final String SLASH = "/";

    /** Returns the key with this text. */
    public static NoticeKey parse(String text) {
        String[] parts = text.split(SLASH, 3);
        return new NoticeKey(
                parts[0],
                parts.length > 1 ? Optional.of(parts[1]) : Optional.empty(),
                parts.length > 2 ? Optional.of(parts[2]) : Optional.empty());
    }

    /** Which trouble it is; empty if this version does not know it. */
    public Optional<Trouble> trouble() {
        return Trouble.named(word);
    }

    /** Whether it is this trouble. */
    public boolean is(Trouble trouble) {
        return word.equals(trouble.word());
    }

    /** Whether it is this trouble in this Region. */
    public boolean is(Trouble trouble, Region region) {
        return is(trouble) && isIn(region);
    }

    /** Whether it is about this Region. */
    public boolean isIn(Region region) {
        return where.equals(Optional.of(region.name()));
    }

    /** Whether it is about this image. */
    public boolean isOf(ImageName image) {
        return what.equals(Optional.of(image.toString()));
    }

    /** Everything except the word. */
    public String rest() {
        return Stream.of(where, what).flatMap(Optional::stream).collect(Collectors.joining(SLASH));
    }

    /** Returns the key of another trouble with the same place and cause. */
    public NoticeKey as(Trouble trouble) {
        return new NoticeKey(trouble.word(), where, what);
    }

    /** Orders keys by their text. */
    @Override
    public int compareTo(NoticeKey other) {
        return toString().compareTo(other.toString());
    }

    /** The text that is stored. */
    @Override
    public String toString() {
        return word
                + where.map(text -> SLASH + text).orElse("")
                + what.map(text -> SLASH + text).orElse("");
    }
}
