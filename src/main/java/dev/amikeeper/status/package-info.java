/**
 * What could be restored now: how well each instance is covered, judged by its policy's schedule.
 */
@NullMarked
package dev.amikeeper.status;

import org.jspecify.annotations.NullMarked;
