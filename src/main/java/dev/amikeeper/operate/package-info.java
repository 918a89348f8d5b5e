/** What people order by hand, by an event or a command: the same steps for both. */
@NullMarked
package dev.amikeeper.operate;

import org.jspecify.annotations.NullMarked;
