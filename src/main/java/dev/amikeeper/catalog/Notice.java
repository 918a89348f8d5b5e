package dev.amikeeper.catalog;

import java.time.Instant;
import java.util.Optional;

/**
 * Something that went wrong and what to do about it. It is recorded once per key and told once.
 * When a trouble ends, those who were told of it are told that, too.
 *
 * @param about which trouble of what; the same trouble has the same key
 * @param at when it was first seen
 * @param text what happened, and to whom; one line
 * @param tried what has been tried since; empty if there is nothing to say
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
        /** It lasts until it is fixed. */
        TROUBLE,
        /** It merely happened: it is told, and is never open. */
        EVENT
    }

    /** Creates a trouble that lasts from {@code at} on. */
    public Notice(NoticeKey about, Instant at, String text, String remedy, boolean announced) {
        this(about, NoticeKind.TROUBLE, at, text, "", remedy, announced, Optional.empty());
    }

    /** Returns an event that happened at {@code at} and that people are told. */
    public static Notice event(NoticeKey about, Instant at, String text, String remedy) {
        return new Notice(about, NoticeKind.EVENT, at, text, "", remedy, true, Optional.empty());
    }

    /** The text of its key, under which it is stored. */
    public String key() {
        return about.toString();
    }

    /** Returns this notice, with what was tried. */
    public Notice tried(String what) {
        return new Notice(about, kind, at, text, what, remedy, announced, resolved);
    }

    /** Whether it has the same wording as the other one. */
    boolean saysTheSame(Notice other) {
        return text.equals(other.text) && remedy.equals(other.remedy);
    }

    /** Returns this notice, in the words of the other one. */
    Notice saying(Notice other) {
        return new Notice(about, kind, at, other.text, tried, other.remedy, announced, resolved);
    }

    /** Returns this notice, over since {@code end}. */
    public Notice resolved(Instant end) {
        return new Notice(about, kind, at, text, tried, remedy, announced, Optional.of(end));
    }

    /** Whether it is a trouble that is not over. */
    public boolean isOpen() {
        return kind == NoticeKind.TROUBLE && resolved.isEmpty();
    }
}
