/** Following images to their end: shared, copied, recorded. */
@NullMarked
package dev.amikeeper.replication;

import org.jspecify.annotations.NullMarked;
