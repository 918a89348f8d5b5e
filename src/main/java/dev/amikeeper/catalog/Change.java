package dev.amikeeper.catalog;

import dev.amikeeper.image.Image;

import java.util.List;

/**
 * One step of an image, written as a whole or not at all: the record before and after, the copies
 * that begin with it, and the notices for people.
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

    /** Returns this step with a notice. */
    public Change telling(Notice notice) {
        return new Change(before, after, copies, List.of(notice));
    }
}
