/** The simulated cloud: EC2, queues and tables in process, on a virtual clock. */
@NullMarked
package dev.amikeeper.local;

import org.jspecify.annotations.NullMarked;
