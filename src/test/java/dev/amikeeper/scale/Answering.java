package dev.amikeeper.scale;

import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.withSettings;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;
import org.mockito.invocation.InvocationOnMock;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A client of one of AWS's services that answers some requests itself. Another client answers the
 * others.
 */
final class Answering<C> {
    private final Class<C> type;
    private final C others;
    private final Map<Class<?>, Function<Object, Object>> answers = new HashMap<>();

    Answering(Class<C> type, C others) {
        this.type = type;
        this.others = others;
    }

    /** Answers these requests, from now on. */
    <R> Answering<C> on(Class<R> request, Function<R, ?> answer) {
        answers.put(request, asked -> requireNonNull(answer.apply(request.cast(asked))));
        return this;
    }

    /** Made by Mockito, because EC2's interface has too many methods for a proxy of Java's. */
    C client() {
        return mock(type, withSettings().stubOnly().defaultAnswer(this::answer));
    }

    /** The SDK's shorthands and paginators are made of the client's other methods. */
    private @Nullable Object answer(InvocationOnMock call) throws Throwable {
        Method method = call.getMethod();
        @Nullable Object[] args = call.getRawArguments();
        Optional<Object> asked = args.length == 1 ? Optional.ofNullable(args[0]) : Optional.empty();
        if (method.getName().endsWith("Paginator")
                || asked.filter(Consumer.class::isInstance).isPresent()) {
            return call.callRealMethod();
        }
        Optional<Function<Object, Object>> own =
                asked.flatMap(request -> Optional.ofNullable(answers.get(request.getClass())));
        if (own.isPresent()) {
            return own.get().apply(asked.orElseThrow());
        }
        try {
            return method.invoke(others, args);
        } catch (InvocationTargetException failed) {
            throw requireNonNull(failed.getCause());
        }
    }
}
