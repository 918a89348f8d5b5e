/** The queues that carry kicks. */
@NullMarked
package dev.amikeeper.queue;

import org.jspecify.annotations.NullMarked;
