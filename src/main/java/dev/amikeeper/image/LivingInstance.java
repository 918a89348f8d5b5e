package dev.amikeeper.image;

import java.time.Instant;

/**
 * An instance that is not terminated, with its launch time.
 *
 * @param launched when it was first launched
 */
public record LivingInstance(Instance instance, Instant launched) {}
