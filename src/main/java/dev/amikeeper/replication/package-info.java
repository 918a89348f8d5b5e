/** Following images until they are shared, copied, and recorded. */
@NullMarked
package dev.amikeeper.replication;

import org.jspecify.annotations.NullMarked;
