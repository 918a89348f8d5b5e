/** What could be restored now: how each instance stands against its policy's schedule. */
@NullMarked
package dev.amikeeper.status;

import org.jspecify.annotations.NullMarked;
