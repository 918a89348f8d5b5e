/** The catalogue: every image, what waits, what was removed and what went wrong. */
@NullMarked
package dev.amikeeper.catalog;

import org.jspecify.annotations.NullMarked;
