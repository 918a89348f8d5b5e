/** What people order by hand, by an event or a command. Both take the same steps. */
@NullMarked
package dev.amikeeper.operate;

import org.jspecify.annotations.NullMarked;
