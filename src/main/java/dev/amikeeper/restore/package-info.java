/**
 * Restoring: choosing an image, planning, launching, and checking; and the drills that prove it
 * works.
 */
@NullMarked
package dev.amikeeper.restore;

import org.jspecify.annotations.NullMarked;
