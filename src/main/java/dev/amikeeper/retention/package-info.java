/** Deciding what is kept, and removing the rest. */
@NullMarked
package dev.amikeeper.retention;

import org.jspecify.annotations.NullMarked;
