package dev.amikeeper.catalog;

import dev.amikeeper.image.Region;

import java.time.Instant;

/** The time up to which a policy's slots have been handled in one home Region. */
public record Cursor(String policy, Region region, Instant time) {}
