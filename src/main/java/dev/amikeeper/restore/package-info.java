/**
 * Restoring: the choice of an image, the plan, the launch, the checks; and drills that prove it.
 */
@NullMarked
package dev.amikeeper.restore;

import org.jspecify.annotations.NullMarked;
