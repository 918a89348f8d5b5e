package dev.amikeeper.catalog;

import java.time.Instant;
import java.util.Optional;

/**
 * Something that went wrong and what to do about it. Recorded once per key, and told once; a
 * trouble's end is told to those who were told of the trouble.
 *
 * @param about which trouble of what it is; the same trouble has the same key
 * @param at when it was first seen
 * @param text what happened, to whom; one line
 * @param tried what was tried since; empty if there is nothing to say
 * @param remedy what a person can do; one line
 * @param announced whether people are told, or only find it when they look
 * @param resolved when it was over
 */
public record Notice(
        NoticeKey about,
        NoticeKind kind,
        Instant at,
        String text,
        String tried,
        String remedy,
        boolean announced,
        Optional<Instant> resolved) {
    /** Whether it lasts. */
    public enum NoticeKind {
        /** Lasts until it is mended. */
        TROUBLE,
        /** Merely happened: it is told, and never open. */
        EVENT
    }

    /** A trouble that lasts from then on. */
    public Notice(NoticeKey about, Instant at, String text, String remedy, boolean announced) {
        this(about, NoticeKind.TROUBLE, at, text, "", remedy, announced, Optional.empty());
    }

    /** Something that happened then, and that people are told. */
    public static Notice event(NoticeKey about, Instant at, String text, String remedy) {
        return new Notice(about, NoticeKind.EVENT, at, text, "", remedy, true, Optional.empty());
    }

    /** The text of its key, by which it is stored. */
    public String key() {
        return about.toString();
    }

    /** The same, saying what was tried. */
    public Notice tried(String what) {
        return new Notice(about, kind, at, text, what, remedy, announced, resolved);
    }

    /** Whether it says what this one says. */
    boolean saysTheSame(Notice other) {
        return text.equals(other.text) && remedy.equals(other.remedy);
    }

    /** The same, in the words of another one. */
    Notice saying(Notice other) {
        return new Notice(about, kind, at, other.text, tried, other.remedy, announced, resolved);
    }

    /** The same, over since then. */
    public Notice resolved(Instant end) {
        return new Notice(about, kind, at, text, tried, remedy, announced, Optional.of(end));
    }

    /** Whether it is a trouble that lasts. */
    public boolean isOpen() {
        return kind == NoticeKind.TROUBLE && resolved.isEmpty();
    }
}
