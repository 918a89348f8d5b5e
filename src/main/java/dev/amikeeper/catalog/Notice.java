package dev.amikeeper.catalog;

import java.time.Instant;

/**
 * Something that went wrong and what to do about it. Recorded once per key, and announced once.
 *
 * @param key says what it is about; the same trouble has the same key
 * @param text what happened, to whom; one line
 * @param remedy what a person can do; one line
 * @param announced whether people are told, or only find it when they look
 */
public record Notice(String key, Instant at, String text, String remedy, boolean announced) {}
