/** Retention: which images stay and why, and the plan by which the others go. */
@NullMarked
package dev.amikeeper.retention;

import org.jspecify.annotations.NullMarked;
