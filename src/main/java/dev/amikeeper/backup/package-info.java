/** Making images: on schedule, on request. */
@NullMarked
package dev.amikeeper.backup;

import org.jspecify.annotations.NullMarked;
