/** Retention: which images stay and why, and the plan for removing the others. */
@NullMarked
package dev.amikeeper.retention;

import org.jspecify.annotations.NullMarked;
