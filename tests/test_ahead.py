import threading
import time

import pytest

from sightline.ahead import ahead


def test_items_come_in_order_and_are_made_by_another_thread():
    makers = []

    def items():
        for number in range(50):
            makers.append(threading.get_ident())
            yield number

    assert list(ahead(items(), 4)) == list(range(50))
    assert set(makers) != {threading.get_ident()}


def test_the_maker_stays_a_bounded_number_of_items_ahead():
    made = []

    def items():
        for number in range(100):
            made.append(number)
            yield number

    stream = ahead(items(), 3)
    assert next(stream) == 0
    time.sleep(0.1)
    assert len(made) <= 1 + 3 + 1  # taken, in the queue, waiting for a place
    stream.close()


def test_an_error_comes_after_the_items_before_it():
    def items():
        yield 1
        raise OSError("the camera is gone")

    stream = ahead(items(), 2)
    assert next(stream) == 1
    with pytest.raises(OSError, match="the camera is gone"):
        next(stream)


def test_a_consumer_that_stops_closes_the_source():
    closed = threading.Event()

    def items():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    stream = ahead(ahead(items(), 2), 2)
    next(stream)
    stream.close()
    assert closed.wait(2)
