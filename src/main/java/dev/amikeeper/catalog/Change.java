package dev.amikeeper.catalog;

import dev.amikeeper.image.Image;

import java.util.List;

/**
 * One step of an image, written whole or not at all: the record before and after, the copies that
 * begin with it, and what people are to be told.
 */
public record Change(Image before, Image after, List<Image> copies, List<Notice> notices) {
    public Change {
        copies = List.copyOf(copies);
        notices = List.copyOf(notices);
    }

    /** A step without copies or notices. */
    public static Change of(Image before, Image after) {
        return new Change(before, after, List.of(), List.of());
    }

    /** The same step, telling people. */
    public Change telling(Notice notice) {
        return new Change(before, after, copies, List.of(notice));
    }
}
