package dev.amikeeper.catalog;

import dev.amikeeper.image.Region;

import java.time.Instant;

/** Until when the slots of a policy have been dealt with in one home Region. */
public record Cursor(String policy, Region region, Instant time) {}
